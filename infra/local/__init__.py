"""The whole office on one machine. Only this package and the tests know which emulator runs."""
