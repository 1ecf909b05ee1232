print("taskmon")
