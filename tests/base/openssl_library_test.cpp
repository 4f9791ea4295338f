// SPDX-License-Identifier: Apache-2.0
#include "base/openssl_library.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(OpensslLibrary, IsOpenedWithTheLibraryBelowIt) {
  EXPECT_EQ(openssl_error(), std::nullopt);
  EXPECT_NE(find_in_openssl(OpensslPart::ssl, "SSL_new"), nullptr);
  EXPECT_NE(find_in_openssl(OpensslPart::ssl, "BIO_new"), nullptr);
}

TEST(OpensslLibraryDeathTest, EndsTheProgramThatCallsWhatItDoesNotHave) {
  EXPECT_EXIT(find_in_openssl(OpensslPart::crypto, "EVP_of_another_world"), testing::ExitedWithCode(71),
              "smlaunch: OpenSSL cannot be used: it has no EVP_of_another_world; install OpenSSL 3 "
              "\\(Debian: libssl3\\)");
}

}  // namespace
}  // namespace smlaunch
