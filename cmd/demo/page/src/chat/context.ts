import { createContext, useContext } from "react";
import type { Language, SlackState, User } from "../types.ts";
import type { Clicks } from "./useClicks.ts";
import { empty } from "./workspace.ts";

interface Workspace {
  slack: SlackState;
  me?: User;
  service: string;
  clicks: Clicks;
}

interface Names {
  users: { id: string; name: string }[];
  channels: { id: string; name: string }[];
  user_groups: { id: string; name: string }[];
}

/** What every part of the chat reads: the workspace, who looks at it, and what clicking does. */
export const WorkspaceContext = createContext<Workspace>({
  slack: empty,
  service: "web",
  clicks: { busy: new Set(), failed: null, click: () => {}, answer: () => {} },
});

/** Who and what `<@U…>`, `<!subteam^S…>` and `<#C…>` stand for; apart, so that a new message does not draw all others again. */
export const NamesContext = createContext<Names>({ users: [], channels: [], user_groups: [] });

/** The ids of the user groups. */
export const GroupsContext = createContext<ReadonlySet<string>>(new Set());

/** What the bot speaks: dates in its messages are told in it, as Slack does for readers who have chosen that language. */
export const LanguageContext = createContext<Language>("en");

export const useWorkspace = () => useContext(WorkspaceContext);
