"""Speed and weight of Mintmark beside its peers, measured on this machine; `make bench`, never part of the tests."""
