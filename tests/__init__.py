"""Tests of Contact Hub."""
