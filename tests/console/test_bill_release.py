"""账务: reviewing what holds bills back, releasing a month or one bill."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core import mail
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.models import Bill, BillFinding
from busbar.billing.operations import release_bills, review_findings
from busbar.billing.paper import gathering, making
from busbar.customers.models import Contact
from busbar.jobs import billing as billing_jobs
from busbar.jobs.outbox import work_off
from busbar.journal.models import Entry
from busbar.kit.paper import PaperError
from busbar.notifications import operations as notifications_operations
from busbar.notifications.models import Message
from tests.billing import world
from tests.console.work_region import FOREIGN, OWN, Region, count_queries, make_billed, make_units

pytestmark = pytest.mark.django_db
RUN = "/bills/runs/2026-01/"
BILL = f"/bills/{OWN}/2026-01/"


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties, an account each, two months billed; January's bills have a swing each."""
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    for bill in Bill.objects.filter(month="2026-01"):
        swing(bill)
    return made


def fail(*_: object) -> bytes:
    """As where the fonts are not at their place."""
    raise PaperError("没有字体")


def swing(bill: Bill) -> BillFinding:
    return BillFinding.objects.create(
        bill=bill,
        account=bill.account,
        month=bill.month,
        kind="swing",
        worth_yuan="25000.00",
        stake_yuan="25000.00",
        weight="25000",
        facts={"amount": "75000.00", "before": "50000.00", "shifts": [["峰段电费", "25000.00"]]},
    )


class TestRunPage:
    def test_counts_and_lists_what_holds_bills_back(self, region: Region) -> None:
        response = region.client(Role.BILLING_CLERK).get(RUN)

        counted = response.context["counted"]
        assert (counted.issued, counted.held, counted.ready, counted.released) == (1, 1, 0, 0)
        text = response.content.decode()
        assert OWN in text
        assert FOREIGN not in text
        assert 'name="note"' in text

    def test_offers_no_review_to_whoever_may_not(self, region: Region) -> None:
        assert 'name="note"' not in region.client(Role.MANAGER).get(RUN).content.decode()

    def test_takes_as_many_queries_for_one_finding_as_for_two(self, region: Region) -> None:
        county = count_queries(region.client(Role.BILLING_CLERK), RUN)
        province = count_queries(region.client(Role.BILLING_CLERK, region.province), RUN)

        assert province <= county + 1

    def test_answers_a_review_with_the_list_without_it(self, region: Region) -> None:
        client = region.client(Role.BILLING_CLERK)
        finding = BillFinding.objects.get(account__number=OWN, kind="swing")

        response = client.post(
            f"/bills/findings/{finding.pk}/review/",
            {"note": "新增一条产线", "month": "2026-01"},
            headers={"HX-Request": "true"},
        )

        assert response.context["waiting"] == []
        assert response.context["counted"].ready == 1
        finding.refresh_from_db()
        assert finding.review_note == "新增一条产线"

    def test_says_in_the_list_why_a_review_was_refused(self, region: Region) -> None:
        client = region.client(Role.BILLING_CLERK)
        finding = BillFinding.objects.get(account__number=OWN, kind="swing")
        before = Entry.objects.count()

        response = client.post(
            f"/bills/findings/{finding.pk}/review/",
            {"note": " ", "month": "2026-01"},
            headers={"HX-Request": "true"},
        )

        assert "复核须写明意见" in response.content.decode()
        finding.refresh_from_db()
        assert (finding.reviewed_at, Entry.objects.count()) == (None, before)

    def test_queues_the_release_in_the_clerk_s_name(self, region: Region) -> None:
        client = region.client(Role.BILLING_CLERK)
        review_findings(
            finding_ids=list(BillFinding.objects.values_list("pk", flat=True)),
            note="核对过",
            by=SYSTEM_VIEWER,
            at=world.AT,
        )

        response = client.post(f"{RUN}release/", follow=True)

        assert "2026-01 已排入发行" in response.content.decode()
        assert OrmQ.objects.count() == 1
        user = region.people["E001"].user_id
        assert billing_jobs.release_month("2026-01", user) == (
            "2026-01：已发行 1 张账单，待复核 0 张"
        )
        assert Bill.objects.get(account__number=OWN, month="2026-01").released_at is not None
        assert Bill.objects.get(account__number=FOREIGN, month="2026-01").released_at is None

    def test_queues_nothing_where_all_is_held_back(self, region: Region) -> None:
        response = region.client(Role.BILLING_CLERK).post(f"{RUN}release/", follow=True)

        assert "1 张账单都有异常待复核" in response.content.decode()
        assert OrmQ.objects.count() == 0


class TestBillPage:
    def test_goes_from_review_to_release(self, region: Region) -> None:
        client = region.client(Role.BILLING_CLERK)
        finding = BillFinding.objects.get(account__number=OWN, kind="swing")
        assert "客户尚看不到此账单" in client.get(BILL).content.decode()

        refused = client.post(f"{BILL}release/", follow=True)
        assert "待复核" in refused.content.decode()
        assert Bill.objects.get(account__number=OWN, month="2026-01").released_at is None
        client.post(
            f"/bills/findings/{finding.pk}/review/",
            {"note": "核对过", "month": "2026-01", "account": OWN},
        )
        done = client.post(f"{BILL}release/", follow=True)

        assert "账单已发行" in done.content.decode()
        assert Bill.objects.get(account__number=OWN, month="2026-01").released_at is not None

    def test_is_not_released_by_whoever_only_reads(self, region: Region) -> None:
        response = region.client(Role.MANAGER).post(f"{BILL}release/")

        assert response.status_code == 403
        assert not Bill.objects.exclude(released_at=None).exists()


class TestTellingCustomers:
    def tell(self) -> None:
        notifications_operations.load_shipped_words(at=world.AT)
        bill = Bill.objects.get(account__number=OWN, month="2025-12")
        release_bills(
            month=billing_jobs.Month.parse("2025-12"),
            account_ids=[bill.account_id],
            by=SYSTEM_VIEWER,
            at=world.AT,
        )
        work_off()
        work_off()

    def test_writes_to_the_finance_contact_once(self, region: Region) -> None:
        bill = Bill.objects.get(account__number=OWN, month="2025-12")
        for name, role, primary in (("甲", "用电负责人", True), ("乙", "财务", False)):
            Contact.objects.create(
                customer=bill.account.customer,
                name=name,
                role=role,
                email=f"{role}@example.com",
                is_primary=primary,
            )

        self.tell()

        message = Message.objects.get(kind="billing.bill.released")
        assert message.recipient_name == "乙"
        assert f"本次应缴 {bill.amount:,.2f} 元" in message.body
        (delivery,) = message.deliveries.all()
        assert (delivery.channel, delivery.state) == ("email", "queued")
        page = region.client(Role.BILLING_CLERK).get(f"/bills/{OWN}/2025-12/")
        assert "财务@example.com" in page.content.decode()

    def test_sends_the_bill_itself_along(
        self, region: Region, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.BUSBAR_GATEWAYS = {"email": "busbar.notifications.gateways.EmailGateway"}
        bill = Bill.objects.get(account__number=OWN, month="2025-12")
        Contact.objects.create(
            customer=bill.account.customer, name="乙", role="财务", email="b@example.com"
        )
        self.tell()

        with monkeypatch.context() as broken:
            broken.setattr(making, "render_bill", fail)
            assert notifications_operations.deliver_due(at=world.AT).failed == 1
        done = notifications_operations.deliver_due(at=world.AT + dt.timedelta(days=1))

        bill.refresh_from_db()
        (letter,) = mail.outbox
        ((name, content, kind),) = letter.attachments
        assert done.sent == 1
        assert (name, kind) == (f"{gathering.gather(bill).number}.pdf", "application/pdf")
        assert content == making.render_bill(gathering.gather(bill))

    def test_notes_who_could_not_be_told(self, region: Region) -> None:
        self.tell()

        assert not Message.objects.exists()
        entry = Entry.objects.get(event="billing.bill.untold")
        assert entry.reason == "客户没有留有邮箱的账务联系人"
