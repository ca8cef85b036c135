"""大客户: who is a key account and why, what it is worth, how close it is.

Nouns: RecognitionRun, Recognition, YearlyReview, Segmentation, StageAssessment, CustomerValue.
Below: connections and arrears (what is under way), billing, metering, customers.
"""
