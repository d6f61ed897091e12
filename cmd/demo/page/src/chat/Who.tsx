import type { User } from "../types.ts";
import { Avatar } from "./Avatar.tsx";
import { people } from "./workspace.ts";

interface Props {
  me?: User;
  users: User[];
  onBe(user: User): void;
}

/** The switch for who the visitor is. */
export function Who({ me, users, onBe }: Props) {
  const label = (u: User) => [u.real_name || u.name, u.title || (u.kind === "member" ? "" : u.kind)].filter(Boolean).join(", ");
  const choose = (id: string) => {
    const user = users.find((u) => u.id === id);
    if (user) onBe(user);
  };
  return (
    <label className="who">
      <span>You are</span>
      {me && <Avatar name={me.real_name || me.name} color={me.color} size={24} />}
      <select data-testid="who" value={me?.id ?? ""} onChange={(e) => choose(e.target.value)}>
        {people(users).map((u) => (
          <option key={u.id} value={u.id}>{label(u)}</option>
        ))}
      </select>
    </label>
  );
}
