"""No file of the repository names a package registry."""

from tools.addresses import find_addresses


class TestFindAddresses:
    def test_reports_the_line_that_names_a_registry(self) -> None:
        host = ".".join(["registry", "npmjs", "org"])

        found = find_addresses("a.md", f"one\nfrom https://{host}/x\n")

        assert found == [f"a.md:2: from https://{host}/x"]

    def test_reports_download_addresses_in_lock_files_only(self) -> None:
        line = '"resolved": "https://example.com/x.tgz"'

        assert find_addresses("package-lock.json", line) == [f"package-lock.json:1: {line}"]
        assert find_addresses("notes.md", line) == []
