import { Link } from "@tanstack/react-router";
import { e } from "../../text/edge.ts";
import { Icon } from "../../ui/Icon.tsx";

export function BackLink() {
  return (
    <Link to="/campaigns" className="mb-2 inline-flex items-center gap-1 text-small text-soft hover:text-ink">
      <Icon name="chevronLeft" />
      {e.campaigns.all}
    </Link>
  );
}
