interface Props {
  name: string;
  color?: string;
  bot?: boolean;
  size?: number;
}

/** A square with initials; a bot gets Junban's mark of bars that step out in turn. */
export function Avatar({ name, color, bot, size = 36 }: Props) {
  const initials = name.split(/\s+/).slice(0, 2).map((w) => [...w][0]?.toUpperCase()).join("");
  const fill = bot ? "var(--brand)" : color ? (color.startsWith("#") ? color : `#${color}`) : "#616a7d";
  return (
    <svg className="avatar" viewBox="0 0 36 36" width={size} height={size} aria-hidden="true">
      <rect width="36" height="36" rx="8" style={{ fill }} />
      {bot ? (
        [7, 13.5, 20, 26.5].map((x) => (
          <rect key={x} className={x === 20 ? "mark-out" : "mark-in"} x={x - 1} y={x === 20 ? 8 : 14} width="4.5" height="13" rx="2" />
        ))
      ) : (
        <text x="18" y="23.5" textAnchor="middle">{initials}</text>
      )}
    </svg>
  );
}
