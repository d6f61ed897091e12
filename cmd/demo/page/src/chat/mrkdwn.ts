// slack-blocks-to-jsx reads Slack's markup a little differently from Slack. What differs is put right before it reads.

const code = /(```[\s\S]*?```|`[^`\n]+`)/;

/** Text with Slack's markup, such that the renderer shows what Slack would. */
export function mend(text: string): string {
  return text.split(code).map((part, i) => (i % 2 ? mendCode(part) : mendText(part))).join("");
}

// Slack ignores a line break just inside the fence; the renderer draws an empty line, and leaves &amp; as it is.
function mendCode(part: string): string {
  const plain = part.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return plain.replace(/^```\n/, "```").replace(/\n```$/, "```");
}

// The renderer puts a space behind every &gt;. Only the first of a line is a quotation's mark.
function mendText(part: string): string {
  return part.replace(/(?<=[^\n])&gt;/g, ">");
}
