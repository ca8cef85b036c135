"""大客户: who is a key account and why, who looks after it, and what a manager may order.

Nouns: RecognitionRun, Recognition, YearlyReview; DepartmentOrder, Handover, ManagerQualification,
ServiceAgreement. Below: connections and arrears, billing, customers, workflow, clocks, access.
"""
