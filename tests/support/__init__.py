"""Helpers of the Python tests: servers, the program under test, fingerprints of databases.

Standard library only. Everything that judges the program goes through other people's programs: the
`mysql` client, `zstd`, `sha256sum`.
"""
