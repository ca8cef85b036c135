"""A draft of a tariff as a document (JSON or TOML), for programs and the command line (R25)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, ValidationError

from busbar.kit.document_faults import DocumentRefused, faults_of
from busbar.kit.document_fields import Amount, Day, Document, Number, described
from busbar.pricing.models import Certainty
from busbar.pricing.operations.drafting import TariffValues

_NO_NUL = r"^[^\x00]*$"
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=_NO_NUL, strict=True)]
Source = Annotated[str, Field(min_length=1, max_length=300, pattern=_NO_NUL, strict=True)]


class DraftPrices(Document):
    """各时段电价 元/kWh。Energy prices by period of the day."""

    sharp: Number | None = described("尖峰 sharp peak", default=None)
    peak: Number | None = described("高峰 peak", "1.02", default=None)
    flat: Number | None = described("平段，不分时的只填此项 flat; alone for one price", "0.6")
    valley: Number | None = described("低谷 valley", "0.25", default=None)
    deep_valley: Number | None = described("深谷 deep valley", default=None)


class TariffDraftDocument(Document):
    """一次拟订。The version of a tariff that is to follow."""

    code: Code = described("电价代码 code of the tariff", "SC-TWO-PART-10")
    base_from: Day = described("据以拟订的版本的生效日期 first day of the base", "2026-01-01")
    valid_from: Day = described("生效日期 first day", "2026-07-01")
    scheme: str = Field(
        default="", max_length=40, pattern=_NO_NUL, description="分时方案代码，不分时留空 scheme"
    )
    prices: DraftPrices = described("各时段电价 prices")
    capacity_price: Amount | None = described("容量电价 元/kVA·月 capacity", default=None)
    demand_price: Amount | None = described("需量电价 元/kW·月 demand", default=None)
    surcharges: dict[Code, Number] = Field(
        default_factory=dict,
        description="同日调整的附加与代征，代码与元/kWh surcharges that change on the same day",
    )
    source: Source = described("出处（文号或公告） source")
    certainty: Certainty = described("把握 certainty", "A")

    @property
    def values(self) -> TariffValues:
        """What it says, as the operation takes it."""
        prices: dict[str, Decimal] = self.prices.model_dump(exclude_none=True)
        return TariffValues(
            valid_from=self.valid_from,
            prices=prices,
            source=self.source,
            certainty=self.certainty.value,
            scheme=self.scheme,
            capacity_price=self.capacity_price,
            demand_price=self.demand_price,
            surcharges=self.surcharges,
        )


def read_draft(document: Mapping[str, Any]) -> TariffDraftDocument:
    """The document, checked; DocumentRefused names every place that has to change."""
    try:
        return TariffDraftDocument.model_validate(dict(document))
    except ValidationError as error:
        raise DocumentRefused(faults_of(error, document)) from error
