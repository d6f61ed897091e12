import { useContext } from "react";
import { LanguageContext } from "../chat/context.ts";
import type { Language } from "../types.ts";
import { number, type Look } from "./states.ts";

/** What the page itself says beside the chat. The names of the buttons are those that the hints speak of. */
const en = {
  actions: "Try it",
  break: "Break the next release",
  breakSays: "It fails on the second instance; the rollout halts, the others serve.",
  armed: "Armed: the next release will fail its check.",
  kill: "Kill the bot",
  killSays: "kill -9 in the middle; traffic goes on, the same card resumes.",
  hurry: "Without draining",
  hurrySays: "The release by a hurried hand, on instances in service: requests fail.",
  hurried: "Running: watch the failed requests.",
  botStarts: "It is starting.",
  botGone: "It is gone. Watch it come back.",
  wrong: "That did not work.",

  figures: "Figures",
  healthy: "Healthy",
  ofAll: (n: number) => `of ${n}`,
  minimum: (n: number) => `minimum ${n}`,
  requests: "Requests",
  rate: (n: number) => `${number(n)} a second`,
  failed: "Failed",
  failedRest: " requests",
  last: (why: string) => `last: ${why}`,
  reset: "Reset",
  resetRest: " counter",
  none: "not one lost",
  bot: "Bot",
  botWords: { running: "Running", down: "Down", starting: "Starting", restarting: "Restarting" } as Record<string, string>,
  noProcess: "no process",
  restarts: (n: number) => `${n} ${n === 1 ? "restart" : "restarts"}`,

  balancer: "Load balancer",
  group: "Target group",
  clients: "Clients",
  looks: { healthy: "Healthy", draining: "Draining", initial: "Initial", unhealthy: "Unhealthy", out: "Out of service" } as Record<Look, string>,
  draining: "gets no new requests",
  initial: "awaits a health check",
  unhealthy: "fails its health checks",
  stopped: "stopped for the release",
  out: "gets no requests",
  stoppedInService: "stopped in service",
  serves: "takes requests",
  left: (seconds: number) => `${seconds} s left`,
  perSecond: (n: number) => `${number(n)} req/s`,
  noTraffic: "no traffic",
  port: (n: number) => `port ${n}`,
  noVersion: "no version",

  chat: "Chat",
  view: "View",
  offline: "Reconnecting to the demo…",
};

export type Words = typeof en;

const ja: Words = {
  actions: "試してみる",
  break: "次のリリースを壊す",
  breakSays: "2 台目で失敗し、ロールアウトが止まります。残りは稼働したままです。",
  armed: "準備完了: 次のリリースは検証に失敗します。",
  kill: "ボットを強制終了",
  killSays: "途中で kill -9。トラフィックは続き、同じカードが再開します。",
  hurry: "ドレインなしで入れ替え",
  hurrySays: "稼働中のインスタンスに手早くリリースすると、リクエストが失敗します。",
  hurried: "実行中: 失敗したリクエストに注目してください。",
  botStarts: "起動中です。",
  botGone: "停止しました。戻ってくるところを見てください。",
  wrong: "うまくいきませんでした。",

  figures: "数値",
  healthy: "正常",
  ofAll: (n) => `/ ${n} 台`,
  minimum: (n) => `最低 ${n} 台`,
  requests: "リクエスト",
  rate: (n) => `毎秒 ${number(n)} 件`,
  failed: "失敗",
  failedRest: "したリクエスト",
  last: (why) => `直近: ${why}`,
  reset: "リセット",
  resetRest: "する",
  none: "失敗なし",
  bot: "ボット",
  botWords: { running: "稼働中", down: "停止", starting: "起動中", restarting: "再起動中" },
  noProcess: "プロセスなし",
  restarts: (n) => `再起動 ${n} 回`,

  balancer: "ロード\u200bバランサー",
  group: "ターゲットグループ",
  clients: "クライアント",
  looks: { healthy: "正常", draining: "ドレイン中", initial: "確認待ち", unhealthy: "異常", out: "切り離し中" },
  draining: "新しいリクエストは届きません",
  initial: "ヘルスチェックを待っています",
  unhealthy: "ヘルスチェックに失敗しています",
  stopped: "リリースのため停止中",
  out: "リクエストは届きません",
  stoppedInService: "稼働中なのに停止しています",
  serves: "リクエストを受けています",
  left: (seconds) => `残り ${seconds} 秒`,
  perSecond: (n) => `毎秒 ${number(n)} 件`,
  noTraffic: "トラフィックなし",
  port: (n) => `ポート ${n}`,
  noVersion: "バージョンなし",

  chat: "チャット",
  view: "表示",
  offline: "デモに接続し直しています…",
};

export const words: Record<Language, Words> = { en, ja };

/** The words of the language that the bot speaks. */
export const useWords = () => words[useContext(LanguageContext)];
