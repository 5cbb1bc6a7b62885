pytest_plugins = ["stack.fixtures"]
