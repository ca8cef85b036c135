"""大客户: who is a key account and why, who looks after it, what is planned and offered.

Nouns: RecognitionRun, Recognition, YearlyReview; DepartmentOrder, Handover, ManagerQualification,
ServiceAgreement; AccountPlan, BasicService, Opportunity, Solution. Below: connections, arrears and
service_desk, billing, customers, workflow, clocks, access.
"""
