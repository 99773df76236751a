"""Tests of tools: build, publish, release."""
