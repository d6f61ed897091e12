import type { Language } from "../types.ts";

/**
 * A time as Slack shows it where the reader is: <!date^SECONDS^FORMAT|FALLBACK>. Messages here are given their time in
 * 24 hours, so these are too. A format that is not known gives the fallback.
 */
export function dateText(seconds: number, format: string, fallback: string, now = new Date(), language: Language = "en"): string {
  const at = new Date(seconds * 1000);
  const tokens: Record<string, () => string> = {
    date_short_pretty: () => nearby(at, now, language) ?? short(at, language),
    date_short: () => short(at, language),
    date_pretty: () => nearby(at, now, language) ?? long(at, language),
    date: () => long(at, language),
    date_num: () => at.toLocaleDateString("sv"), // 2026-11-22
    time: () => at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }),
    time_secs: () => at.toLocaleTimeString("en-GB"),
  };
  let known = true;
  const text = format.replace(/\{(\w+)\}/g, (_, token: string) => {
    const make = tokens[token];
    known &&= Boolean(make);
    return make?.() ?? "";
  });
  return known && text ? text : fallback;
}

const days: Record<Language, [string, string, string]> = { en: ["yesterday", "today", "tomorrow"], ja: ["昨日", "今日", "明日"] };

function nearby(at: Date, now: Date, language: Language): string | undefined {
  const day = (d: Date) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate()) / 86_400_000;
  return days[language][day(at) - day(now) + 1];
}

const written = (d: Date, month: "short" | "long", language: Language) =>
  d.toLocaleDateString(language === "ja" ? "ja-JP" : "en-US", { month, day: "numeric", year: "numeric" });
const short = (d: Date, language: Language) => written(d, "short", language);
const long = (d: Date, language: Language) => written(d, "long", language);
