import type { SessionView } from "../schema.gen.ts";
import { useSession } from "../shell/session.tsx";

/** Whether whoever is logged in may do it. The node decides; this hides what it would refuse. */
export function useMay(scope: SessionView["scopes"][number]): boolean {
  return useSession().scopes.includes(scope);
}
