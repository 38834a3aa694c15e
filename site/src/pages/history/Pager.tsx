import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";

interface PagerProps {
  readonly page: number;
  readonly size: number;
  readonly shown: number;
  readonly total: number;
  readonly onPage: (page: number) => void;
}

export function Pager({ page, size, shown, total, onPage }: PagerProps) {
  const first = (page - 1) * size + 1;
  const last = first + shown - 1;
  return (
    <nav aria-label={t.history.pages} className="mt-3 flex items-center justify-between gap-3">
      <p role="status" className="text-small text-faint tabular-nums">
        {shown > 0 ? t.history.range(first, last, total) : t.history.range(0, 0, total)}
      </p>
      {total > size && (
        <span className="flex gap-2">
          <Button icon="chevronLeft" disabled={page <= 1} onClick={() => onPage(page - 1)}>
            {t.history.newer}
          </Button>
          <Button disabled={last >= total} onClick={() => onPage(page + 1)}>
            {t.history.older}
          </Button>
        </span>
      )}
    </nav>
  );
}
