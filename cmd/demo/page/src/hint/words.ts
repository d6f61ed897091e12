import type { Kind, Language } from "../types.ts";
import type { Stage } from "./next.ts";

const count = (n: number) => `${n.toLocaleString("en")} ${n === 1 ? "request" : "requests"}`;

/** What the hints say. **bold** and `code` are marked; names and lines to type are handed in. */
const en = {
  stages: { ask: "Ask", approve: "Approve", roll: "In turn", break: "Break it" } as Record<Stage, string>,
  be: (name: string) => `Switch to ${name}`,
  typeIt: "Type it for me",
  hurried: "Every instance is restarted **while it serves**. Watch the failed requests: this is what taking turns prevents.",
  starting: "The bot is **starting**.",
  gone: "The bot is gone, the traffic is not. When it is back it reads its journal and the **same card** goes on.",
  halted: (ways: string) => `The rollout has **halted**; the others go on serving. Choose on the card: ${ways}.`,
  held: (name: string, type: string) => `**${name}** is held out of service. ${type}.`,
  type: (line: string) => `Type \`${line}\``,
  beAndType: (name: string, line: string) => `Switch to **${name}** and type \`${line}\``,
  refused: (name: string, kind: Kind) => `You are **${name}**, ${kind === "guest" ? "a guest" : kind === "external" ? "from another company" : "a member"}: the bot refuses you.`,
  beToAsk: (name: string) => `Switch to **${name}** to ask for a deploy.`,
  broken: (type: string) => `The next release is broken. ${type}, and see where it stops.`,
  failed: (n: number, line: string) => `${count(n)} failed. **Reset the counter**, then type \`${line}\` and let the bot take turns.`,
  none: (n: number) => `**None** of ${count(n)} failed. Now **break the next release**, or see what happens **without draining**.`,
  toType: (type: string) => `${type}.`,
  youType: (name: string, line: string) => `You are **${name}**. Type \`${line}\` and send it.`,
  press: (name: string) => `You are **${name}**. Press **Approve** on the card.`,
  beAndPress: (name: string) => `Switch to **${name}** and press **Approve**.`,
  somebodyElse: "somebody else",
  own: "Nobody approves their own request.",
  mayNot: (name: string) => `${name} may not approve.`,
  aGuest: "A guest",
  draining: (name: string) => `**${name}** is draining: it finishes the requests it has and gets no new ones. Try **Kill the bot** now.`,
  out: (name: string) => `**${name}** is out and gets its release; the others carry the traffic. Try **Kill the bot** now.`,
  initial: (name: string) => `**${name}** is back and waits for its first health check.`,
  unhealthy: (name: string) => `**${name}** fails its health checks and gets no requests.`,
  inTurn: "Instances leave, get the release and come back, **one at a time**. The thread tells each step.",
  gap: " ",
};

export type HintWords = typeof en;

const ja: HintWords = {
  stages: { ask: "依頼", approve: "承認", roll: "順番に", break: "壊す" },
  be: (name) => `${name} に切り替え`,
  typeIt: "代わりに入力",
  hurried: "すべてのインスタンスを**稼働中のまま**再起動しています。失敗したリクエストに注目: 順番に入れ替えれば起きないことです。",
  starting: "ボットを**起動中**です。",
  gone: "ボットは停止しましたが、トラフィックは続いています。戻るとジャーナルを読み、**同じカード**が続きます。",
  halted: (ways) => `ロールアウトが**止まりました**。残りは稼働中です。カードで選んでください: ${ways}。`,
  held: (name, type) => `**${name}** は切り離したままです。${type}。`,
  type: (line) => `\`${line}\` と入力`,
  beAndType: (name, line) => `**${name}** に切り替えて \`${line}\` と入力`,
  refused: (name, kind) => `いまは **${name}**（${kind === "guest" ? "ゲスト" : kind === "external" ? "社外の人" : "メンバー"}）。ボットは受け付けません。`,
  beToAsk: (name) => `**${name}** に切り替えて依頼してください。`,
  broken: (type) => `次のリリースは壊れています。${type}し、どこで止まるか見てください。`,
  failed: (n, line) => `${n.toLocaleString("en")} 件が失敗しました。**リセットする**を押し、\`${line}\` と入力して順番に入れ替えましょう。`,
  none: (n) => `${n.toLocaleString("en")} 件のうち失敗は **0 件**。次は**次のリリースを壊す**か**ドレインなしで入れ替え**を試してください。`,
  toType: (type) => `${type}してください。`,
  youType: (name, line) => `いまは **${name}**。\`${line}\` と入力して送信してください。`,
  press: (name) => `いまは **${name}**。カードの**承認**を押してください。`,
  beAndPress: (name) => `**${name}** に切り替えて**承認**を押してください。`,
  somebodyElse: "別の人",
  own: "自分の依頼は承認できません。",
  mayNot: (name) => `${name} は承認できません。`,
  aGuest: "ゲスト",
  draining: (name) => `**${name}** はドレイン中: 残りのリクエストを終え、新しいものは届きません。いま**ボットを強制終了**を試せます。`,
  out: (name) => `**${name}** を切り離し、リリース中です。残りがトラフィックを受けています。いま**ボットを強制終了**を試せます。`,
  initial: (name) => `**${name}** は戻り、最初のヘルスチェックを待っています。`,
  unhealthy: (name) => `**${name}** はヘルスチェックに失敗し、リクエストは届きません。`,
  inTurn: "インスタンスは **1 台ずつ**外れ、リリースを受けて戻ります。スレッドに各段階が出ます。",
  gap: "",
};

export const hintWords: Record<Language, HintWords> = { en, ja };
