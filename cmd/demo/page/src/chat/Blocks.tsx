import { memo, useContext, useLayoutEffect, useMemo, useRef, type MouseEvent } from "react";
import { Message as Renderer, type Block, type MessageProps } from "slack-blocks-to-jsx";
import type { Json, Language } from "../types.ts";
import { prepare, textBlock } from "./payload.ts";
import { dateText } from "./date.ts";
import { GroupsContext, LanguageContext, NamesContext, useWorkspace } from "./context.ts";
import { clickKey, type Holder } from "./useClicks.ts";

interface Props {
  holder: Holder;
  blocks: Json[];
  /** Tells this drawing from every other on the page. */
  scope: string;
}

/** Blocks of a message or a view, whose buttons click. The renderer only draws; clicks are found by the id of the element. */
export function Blocks({ holder, blocks, scope }: Props) {
  const { me, clicks } = useWorkspace();
  const box = useRef<HTMLDivElement>(null);
  const groups = useContext(GroupsContext);
  const prepared = useMemo(() => prepare(scope, blocks, groups), [scope, blocks, groups]);
  const user = me?.id ?? "";

  useLayoutEffect(() => {
    for (const [id, button] of prepared.buttons) {
      const element = box.current?.querySelector<HTMLButtonElement>(`[id="${CSS.escape(id)}"]`);
      if (!element) continue;
      const busy = clicks.busy.has(clickKey(user, holder, button));
      element.dataset.actionId = button.action_id;
      element.dataset.blockId = button.block_id;
      element.dataset.style = button.style ?? "default";
      element.disabled = busy;
      element.setAttribute("aria-busy", String(busy));
    }
  }, [prepared, clicks.busy, user, holder]);

  const onClick = (e: MouseEvent) => {
    const element = (e.target as Element).closest("button");
    const button = element && prepared.buttons.get(element.id);
    if (button) clicks.click(holder, button);
  };
  return (
    <div ref={box} className="blocks" onClick={onClick}>
      <Drawn blocks={prepared.blocks} />
    </div>
  );
}

/** Text with Slack's markup, outside any message. */
export function BlockText({ text }: { text: string }) {
  return <div className="blocks"><Drawn blocks={prepare("text", textBlock(text)).blocks} /></div>;
}

const hooksIn = (language: Language): MessageProps["hooks"] => ({
  // Without this the time 12:00:01 loses its colons, as if there were an emoji called 00.
  emoji: (emoji, parse) => {
    const drawn = parse(emoji);
    return drawn && drawn !== emoji.name ? drawn : `:${emoji.name}:`;
  },
  date: ({ timestamp, format, fallback }) => <time>{dateText(Number(timestamp), format, fallback, new Date(), language)}</time>,
  link: ({ href, children, className }) => (
    <a href={href} className={className} target="_blank" rel="noopener noreferrer">{children}</a>
  ),
});
const hooks = { en: hooksIn("en"), ja: hooksIn("ja") };

const Drawn = memo(function Drawn({ blocks }: { blocks: Json[] }) {
  const names = useContext(NamesContext);
  const language = useContext(LanguageContext);
  return <Renderer withoutWrapper logo="" name="" blocks={blocks as unknown as Block[]} data={names} hooks={hooks[language]} />;
});
