"""大客户经理: who looks after whom, and what a manager may order from which department.

Nouns: DepartmentOrder, OrderStep, OrderRating, Handover, ServiceStandard, ManagerQualification,
ServiceAgreement. Below: workflow (an order is a process), clocks, customers, access (mandates).
"""
