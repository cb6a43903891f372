"""The API's tests."""
