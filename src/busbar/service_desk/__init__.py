"""客户服务: what is said and promised to customers, complained of, and how satisfied they are.

Nouns: Interaction, Promise, Complaint, Survey, SatisfactionScore, ImprovementTask.
Below: payments, billing, outages, notifications, customers, clocks.
"""
