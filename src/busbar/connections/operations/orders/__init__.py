"""Metering orders and service orders (R10, R11)."""

from busbar.connections.operations.orders.metering import (
    MeterFound,
    MeterLeft,
    UnableToDoMeteringOrder,
    UnableToOrderMetering,
    cancel_metering_order,
    do_metering_order,
    order_metering,
)
from busbar.connections.operations.orders.service import (
    UnableToDoServiceOrder,
    UnableToOrderService,
    cancel_service_order,
    do_service_order,
    order_service,
    publish_answer,
)

__all__ = [
    "MeterFound",
    "MeterLeft",
    "UnableToDoMeteringOrder",
    "UnableToDoServiceOrder",
    "UnableToOrderMetering",
    "UnableToOrderService",
    "cancel_metering_order",
    "cancel_service_order",
    "do_metering_order",
    "do_service_order",
    "order_metering",
    "order_service",
    "publish_answer",
]
