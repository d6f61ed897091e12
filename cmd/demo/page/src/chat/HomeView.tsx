import { useEffect } from "react";
import { post } from "../net.ts";
import { Avatar } from "./Avatar.tsx";
import { Blocks } from "./Blocks.tsx";
import { useWorkspace } from "./context.ts";

/** The app's home tab, as the person who looks sees it. */
export function HomeView() {
  const { slack, me, clicks } = useWorkspace();
  const user = me?.id ?? "";
  useEffect(() => {
    if (user) void post("/slack/home", { user });
  }, [user]);
  const home = slack.homes[user];
  return (
    <section className="channel home" aria-label={`Home of ${slack.home_app}`} data-testid="home">
      <header className="pane-top">
        <h2>{slack.home_app}</h2>
        <p>Home</p>
      </header>
      <div className="scroller" tabIndex={0}>
        <div className="home-body">
          {home ? (
            <Blocks key={home.id} holder={home} blocks={home.blocks ?? []} scope="home" />
          ) : (
            <p className="home-empty"><Avatar name="" bot size={44} />Nothing here yet.</p>
          )}
          {home && clicks.failed?.key === home.id && <p className="click-error" role="alert">That did not work: {clicks.failed.error}</p>}
        </div>
      </div>
    </section>
  );
}
