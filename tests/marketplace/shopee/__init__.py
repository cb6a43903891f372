"""A strict and hostile stand-in for the Shopee Open Platform API v2, in a process of its own.

`python -m tests.marketplace.shopee --port N --state DIR`, or `launch.running_shopee()` in a test. It is no Shopee and never
pretends to be one outside tests. What it accepts, refuses and answers follows an extract of Shopee's documentation and of
public reports as of 2026-11-23; where those are silent its choice is the strictest one that they allow.
"""
