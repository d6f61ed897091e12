import { useEffect, useMemo, useState } from "react";
import { Blocks } from "../chat/Blocks.tsx";
import { GroupsContext, LanguageContext, NamesContext, WorkspaceContext } from "../chat/context.ts";
import { partsOf } from "../chat/fields.ts";
import { FormView } from "../chat/FormDialog.tsx";
import { MessageView } from "../chat/MessageView.tsx";
import type { Form } from "../chat/useForm.ts";
import type { Clicks } from "../chat/useClicks.ts";
import { empty } from "../chat/workspace.ts";
import type { Language } from "../types.ts";
import { names, people, surfaceOf, type Item } from "./items.ts";

/**
 * All that the bot can send, drawn below each other as the chat draws it. The tests hand it over in gallery.json, look at
 * it on a phone, and keep pictures of it.
 */
export function Gallery({ path, language }: { path: string; language: Language }) {
  const [items, setItems] = useState<Item[]>();
  useEffect(() => {
    void fetch(path).then(async (answer) => setItems(answer.ok ? ((await answer.json()) as Item[]) : []));
  }, [path]);
  const workspace = useMemo(() => ({ slack: { ...empty, users: people }, me: people[0], service: "web", clicks: noClicks }), []);
  const groups = useMemo(() => new Set(names.user_groups.map((g) => g.id)), []);
  if (!items) return null;
  return (
    <WorkspaceContext value={workspace}><NamesContext value={names}><GroupsContext value={groups}><LanguageContext value={language}>
      <main className="gallery" lang={language} data-testid="gallery" data-count={items.length}>
        {items.map((item) => (
          <section key={item.name} data-name={item.name}>
            <h3>{item.name}</h3>
            <Shown item={item} />
          </section>
        ))}
      </main>
    </LanguageContext></GroupsContext></NamesContext></WorkspaceContext>
  );
}

function Shown({ item }: { item: Item }) {
  if (item.kind === "Message") {
    return <MessageView message={{ channel: "C0DEPLOYS", bot_id: "B0JUNBAN", user: "U0JUNBAN", ts: "1795302545.000100", ...item.payload }} scope={item.name} follows={false} open={false} />;
  }
  const surface = surfaceOf(item);
  if (item.kind === "Home") return <div className="home-body"><Blocks holder={surface} blocks={surface.blocks ?? []} scope={item.name} /></div>;
  return <dialog open className="form"><FormView surface={surface} parts={partsOf(surface)} form={stillForm} /></dialog>;
}

const nothing = async () => {};
const noClicks: Clicks = { busy: new Set(), failed: null, click: () => {}, answer: () => {} };
const stillForm: Form = { sending: false, error: "", valueOf: (f) => f.value, type: () => {}, fill: nothing, submit: nothing, close: nothing };
