import { RecordPage } from "../../records/RecordPage.tsx";

export function MailboxesPage() {
  return <RecordPage kind="mailbox" icon="bell" />;
}
