import type { HomeView, KnownBlock, MessageAttachment, ModalView } from "@slack/types";

// Slack's types let any {type: string} stand for a block that they do not know yet. Here every block is a known one.
type Strict<T> = Omit<T, "blocks"> & { blocks: KnownBlock[] };

/** What chat.postMessage, chat.update and a response URL take of a message. */
export interface Message {
  text: string;
  blocks?: KnownBlock[];
  attachments?: Strict<MessageAttachment>[];
}

/** What views.open, views.update and the answer to a submission take. */
export type Modal = Strict<ModalView>;

/** What views.publish takes. */
export type Home = Strict<HomeView>;
