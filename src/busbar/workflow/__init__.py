"""Processes as BPMN 2.0: definitions by version, running instances, user tasks.

Nouns: ProcessDefinition, ProcessVersion, ProcessInstance, UserTask and what happens to it.
Below: clocks, access, journal, kit. Rooms above register their processes, handlers and services.
"""
