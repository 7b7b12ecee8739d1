import "../../ui/sheet.css";
import { useWords } from "../../words/language.tsx";
import { OlderList } from "../shell/older-list.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { Payment } from "./payment.tsx";
import { usePayments } from "./queries.ts";

export function PaymentsPage() {
  const { payments: w } = useWords().words;
  const query = usePayments();
  const payments = query.data?.pages.flatMap((page) => page.payments);
  return (
    <>
      <PageHead title={w.title} lead={w.lead} />
      <OlderList query={query} isEmpty={payments?.length === 0} empty={w.empty}>
        <ul className="sheet rows">
          {payments?.map((payment) => (
            <li key={payment.payment_id}>
              <Payment payment={payment} />
            </li>
          ))}
        </ul>
      </OlderList>
    </>
  );
}
