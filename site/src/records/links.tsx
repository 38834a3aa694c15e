/** Where a record is looked at. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

const PAGES = {
  extension: "/phones",
  ring_group: "/ring-groups",
  queue: "/queues",
  mailbox: "/mailboxes",
  trunk: "/trunks",
  inbound_number: "/numbers",
  outbound_route: "/outbound-routes",
  conference: "/conferences",
  prompt: "/prompts",
  schedule: "/schedules",
  webhook: "/webhooks",
} as const;

interface RecordLinkProps {
  readonly kind: string;
  /** Which is opened; without one, the page. */
  readonly recordKey?: string;
  readonly className?: string;
  readonly children: ReactNode;
}

export function RecordLink({ kind, recordKey, className = "font-medium text-accent hover:underline", children }: RecordLinkProps) {
  const search = recordKey === undefined ? {} : { open: recordKey };
  if (kind === "flow" && recordKey !== undefined) {
    return (
      <Link to="/flows/$number" params={{ number: recordKey }} className={className}>
        {children}
      </Link>
    );
  }
  const page = (PAGES as Readonly<Record<string, (typeof PAGES)[keyof typeof PAGES]>>)[kind];
  if (page === undefined) {
    return (
      <Link to="/records/$kind" params={{ kind }} search={search} className={className}>
        {children}
      </Link>
    );
  }
  return (
    <Link to={page} search={search} className={className}>
      {children}
    </Link>
  );
}
