"""The timetable and the long work: what runs without anybody asking. No models."""
