#pragma once
// trial_signature: whether a key signs, found out by having it sign.

#include "x509/certificate.hpp"
#include "x509/key.hpp"

#include <mutual/result.hpp>

namespace mutual::x509 {

/// An error (io) unless the key makes a signature that the owner's public key verifies. What is signed is a sentence
/// with random digits in it, of no use to anybody: it is the beginning of no certificate, list or answer.
result<> check_signs(const private_key& key, const certificate& owner);

}  // namespace mutual::x509
