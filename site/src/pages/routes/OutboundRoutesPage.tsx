import { RecordPage } from "../../records/RecordPage.tsx";

export function OutboundRoutesPage() {
  return <RecordPage kind="outbound_route" icon="arrowRight" />;
}
