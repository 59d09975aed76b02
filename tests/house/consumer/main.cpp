// What a program outside this project sees: the installed headers and one target.

#include <mutual/error.hpp>
#include <mutual/result.hpp>

#include <iostream>

static mutual::result<int> seven() { return 7; }

int main() {
  if (seven().value() != 7) return 1;
  std::cout << "A service may be built on this.\n";
}
