// slack-blocks-to-jsx reads Slack's markup a little differently from Slack. What differs is put right before it reads.

const code = /(```[\s\S]*?```|`[^`\n]+`)/;

/** Text with Slack's markup, such that the renderer shows what Slack would. A bare id of one of the groups is shown as its handle. */
export function mend(text: string, groups?: ReadonlySet<string>): string {
  return text.split(code).map((part, i) => (i % 2 ? mendCode(part) : mendText(part, groups))).join("");
}

// Slack ignores a line break just inside the fence; the renderer draws an empty line, and leaves &amp; as it is.
function mendCode(part: string): string {
  const plain = part.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return plain.replace(/^```\n/, "```").replace(/\n```$/, "```");
}

// The renderer puts a space behind every &gt;. Only the first of a line is a quotation's mark.
function mendText(part: string, groups?: ReadonlySet<string>): string {
  // Between a mark and a letter the bot puts a space of no width, which Slack takes for the end of a word. The renderer
  // wants one that Unicode counts as a space: the thinnest.
  part = part.replaceAll("\u200b", "\u200a");
  const named = part.replace(/<[^>]*>|\bS[A-Z0-9]+\b/g, (found) => (groups?.has(found) ? `<!subteam^${found}>` : found));
  return named.replace(/(?<=[^\n])&gt;/g, ">");
}
