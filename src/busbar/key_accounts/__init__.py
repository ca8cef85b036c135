"""大客户: plans with the customer, the seven basic services, what is offered beyond supply.

Nouns: AccountPlan, BasicService, ServiceDue, ValueAddedProduct, Solution, Opportunity.
Below: service_desk (talks and meetings), customers, access.
"""
