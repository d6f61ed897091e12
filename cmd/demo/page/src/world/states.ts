import type { Target } from "../types.ts";
import type { Words } from "./words.ts";

export type Look = "healthy" | "draining" | "initial" | "unhealthy" | "out";

/** How a target's state is drawn and called. What is not in the target group is out of service. */
export function look(target: Target): Look {
  const { state } = target;
  return state === "healthy" || state === "draining" || state === "initial" || state === "unhealthy" ? state : "out";
}

/** In service with its application stopped: what reaches it fails. */
export const failing = (t: Target) => t.app === "stopped" && (t.state === "healthy" || t.state === "unhealthy");

/** What the state means, for somebody who never used a load balancer. */
export function meaning(w: Words, target: Target): string {
  switch (look(target)) {
    case "draining":
      return w.draining;
    case "initial":
      return w.initial;
    case "unhealthy":
      return target.reason || w.unhealthy;
    case "out":
      return target.app === "stopped" ? w.stopped : w.out;
    default:
      return target.app === "stopped" ? w.stoppedInService : w.serves;
  }
}

/** Whole seconds until an RFC 3339 time; null when there is none or it has passed. */
export function secondsUntil(time: string, now: number): number | null {
  if (!time) return null;
  const left = Math.ceil((Date.parse(time) - now) / 1000);
  return left > 0 ? left : null;
}

export const number = (n: number) => Math.round(n).toLocaleString("en");
