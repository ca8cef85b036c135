"""Who may see and do what: organisation tree, employees, roles, row visibility.

Nouns: OrganizationUnit, User, Employee, Role, ApiToken. Below: journal, kit.
"""
