// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ssh_failure.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

struct Expected {
  ReadyStage stage;
  std::string cause;
  std::string remedy;
  bool permanent;
};
struct Case {
  LoginEnd end;
  Expected expected;
};

LoginEnd ssh_said(std::string err) { return {255, 0, "", std::move(err)}; }

void expect_all(const std::vector<Case>& table) {
  for (const Case& one : table) {
    const SshFailure got = parse_ssh_failure(one.end, "algo-2", 22, "1.2.3");
    EXPECT_EQ(to_string(got.stage), to_string(one.expected.stage)) << one.end.err;
    EXPECT_EQ(to_string(got.cause), one.expected.cause);
    EXPECT_EQ(got.remedy, one.expected.remedy);
    EXPECT_EQ(got.permanent, one.expected.permanent) << one.end.err;
  }
}

constexpr const char* changed_key =
    "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n"
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n"
    "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n"
    "IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r\n"
    "Host key for algo-2 has changed and you have requested strict checking.\r\n"
    "Host key verification failed.\r\n";

TEST(SshFailure, KnowsWhatNeverHeals) {
  const ReadyStage login = ReadyStage::login;
  const std::string add_key =
      "put this user's public key into ~/.ssh/authorized_keys there, and see that its owner and mode are "
      "right";
  expect_all({
      {ssh_said("root@algo-2: Permission denied (publickey).\r\n"),
       {login, "SSH login denied (publickey)", add_key, true}},
      {ssh_said("Warning: Permanently added 'algo-2' (ED25519) to the list of known hosts.\r\n"
                "root@algo-2: Permission denied (publickey,password,keyboard-interactive).\r\n"),
       {login, "SSH login denied (publickey,password,keyboard-interactive)", add_key, true}},
      {ssh_said(changed_key),
       {login, "SSH host key changed",
        "if the host was rebuilt: ssh-keygen -R algo-2, then make its new key known; if not, find out who "
        "answers "
        "there",
        true}},
      {ssh_said("No ED25519 host key is known for algo-2 and you have requested strict checking.\r\n"
                "Host key verification failed.\r\n"),
       {login, "SSH host key not known",
        "add its key to known_hosts (ssh-keyscan -p 22 algo-2, checked), or set StrictHostKeyChecking "
        "accept-new in "
        "ssh_config",
        true}},
      {ssh_said("Received disconnect from 198.18.0.2 port 22:2: Too many authentication failures\r\n"
                "Disconnected from 198.18.0.2 port 22\r\n"),
       {login, "SSH login denied: too many keys offered",
        "name the one key: IdentityFile and IdentitiesOnly yes in ssh_config", true}},
      {ssh_said("@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @\r\n"
                "Load key \"/root/.ssh/id_ed25519\": bad permissions\r\n"
                "root@algo-2: Permission denied (publickey).\r\n"),
       {login, "SSH private key is readable by others", "chmod 600 the private key on this machine", true}},
      {ssh_said("Unable to negotiate with 198.18.0.2 port 22: no matching key exchange method found. Their "
                "offer: a\r\n"),
       {login,
        "SSH found no common algorithm (Unable to negotiate with 198.18.0.2 port 22: no matching key "
        "exchange method "
        "found. Their offer: a)",
        "use OpenSSH versions that fit each other, or set the algorithms in ssh_config", true}},
      {ssh_said("command-line: line 0: Bad configuration option: nonsense\r\n"),
       {login,
        "ssh on this machine is misconfigured (command-line: line 0: Bad configuration option: nonsense)",
        "correct ssh_config or the ssh options on this machine", true}},
  });
}

TEST(SshFailure, NamesTheBracketedFormOfAnotherPort) {
  EXPECT_EQ(
      parse_ssh_failure(ssh_said(changed_key), "algo-2", 2222, "1.2.3").remedy,
      "if the host was rebuilt: ssh-keygen -R '[algo-2]:2222', then make its new key known; if not, find out "
      "who answers there");
}

TEST(SshFailure, KnowsWhatHealsWithTime) {
  const std::string network = "see that the host is up and that firewalls let this port through";
  const std::string log = "look at sshd's log there (MaxStartups? memory? the host going down?)";
  expect_all({
      {ssh_said("ssh: Could not resolve hostname algo-2: Temporary failure in name resolution\r\n"),
       {ReadyStage::name,
        "name unknown to ssh (ssh: Could not resolve hostname algo-2: Temporary failure in name resolution)",
        "see that DNS or /etc/hosts of this machine knows the name", false}},
      {ssh_said("ssh: connect to host algo-2 port 22: Connection refused\r\n"),
       {ReadyStage::tcp, "TCP refused (ssh: connect to host algo-2 port 22: Connection refused)",
        "see that sshd runs there and listens on this port", false}},
      {ssh_said("ssh: connect to host algo-2 port 22: No route to host\r\n"),
       {ReadyStage::tcp, "TCP unreachable (ssh: connect to host algo-2 port 22: No route to host)", network,
        false}},
      {ssh_said("ssh: connect to host algo-2 port 22: Connection timed out\r\n"),
       {ReadyStage::tcp, "TCP without an answer (ssh: connect to host algo-2 port 22: Connection timed out)",
        network, false}},
      {ssh_said("Connection timed out during banner exchange\r\n"
                "Connection to 198.18.0.2 port 22 timed out\r\n"),
       {ReadyStage::banner, "no SSH banner (Connection timed out during banner exchange)", log, false}},
      {ssh_said("kex_exchange_identification: read: Connection reset by peer\r\n"
                "Connection reset by 198.18.0.2 port 22\r\n"),
       {ReadyStage::banner,
        "SSH connection closed before a banner (kex_exchange_identification: read: Connection reset by peer)",
        log, false}},
      {ssh_said("\"System is booting up. Unprivileged users are not permitted to log in yet.\"\r\n"
                "Connection closed by 198.18.0.2 port 22\r\n"),
       {ReadyStage::login,
        "host is still booting (\"System is booting up. Unprivileged users are not permitted to log in "
        "yet.\")",
        "wait; if it stays, look at its console", false}},
      {ssh_said("Timeout, server algo-2 not responding.\r\n"),
       {ReadyStage::login, "SSH login fell silent (Timeout, server algo-2 not responding.)", network, false}},
      {ssh_said("Connection reset by 198.18.0.2 port 22\r\n"),
       {ReadyStage::login, "SSH connection reset (Connection reset by 198.18.0.2 port 22)", log, false}},
      {ssh_said("Connection closed by 198.18.0.2 port 22\r\n"),
       {ReadyStage::login, "SSH connection closed (Connection closed by 198.18.0.2 port 22)", log, false}},
      {ssh_said("the moon is in the wrong phase\n"),
       {ReadyStage::login, "SSH login failed (the moon is in the wrong phase)",
        "try by hand: ssh -p 22 algo-2 true", false}},
      {ssh_said(""),
       {ReadyStage::login, "SSH login failed without a word", "try by hand: ssh -p 22 algo-2 true", false}},
      {{std::nullopt, 9, "", ""},
       {ReadyStage::login, "ssh was ended by signal 9", "see who ends processes on this machine", false}},
      {{std::nullopt, 0, "", "", "how process 7 ended is not known"},
       {ReadyStage::login, "ssh: how process 7 ended is not known", "", false}},
  });
}

TEST(SshFailure, KnowsTheRemoteCommandsFailuresFromSshsOwn) {
  const ReadyStage smlaunch = ReadyStage::smlaunch;
  const std::string install = "install smlaunch 1.2.3 there at the same path as here";
  expect_all({
      {{127, 0, "", "bash: line 1: /opt/bin/smlaunch: No such file or directory\n"},
       {smlaunch, "no smlaunch there (bash: line 1: /opt/bin/smlaunch: No such file or directory)", install,
        true}},
      {{127, 0, "", ""}, {smlaunch, "no smlaunch there", install, true}},
      {{127, 0, "", "smlaunch is not at /opt/a/bin/smlaunch, but at /opt/b/bin/smlaunch\n"},
       {smlaunch, "no smlaunch at /opt/a/bin/smlaunch there, but at /opt/b/bin/smlaunch",
        "install it at the same path as here, or link it there: mkdir -p /opt/a/bin && ln -s "
        "/opt/b/bin/smlaunch /opt/a/bin",
        true}},
      {{0, 0, "smlaunch 1.2.4\n", "smlaunch is not at /opt/a/bin/smlaunch, but at /opt/b/bin/smlaunch\n"},
       {smlaunch, "smlaunch 1.2.4 there, 1.2.3 here", "install the same version on every host", true}},
      {{126, 0, "", "bash: line 1: /opt/bin/smlaunch: Permission denied\n"},
       {smlaunch, "smlaunch cannot be executed there (bash: line 1: /opt/bin/smlaunch: Permission denied)",
        "see its mode, its architecture, and whether its file system is mounted noexec", true}},
      {{127, 0, "",
        "smlaunch: error while loading shared libraries: libhwloc.so.15: cannot open shared object file\n"},
       {smlaunch,
        "smlaunch cannot start there (smlaunch: error while loading shared libraries: libhwloc.so.15: cannot "
        "open "
        "shared object file)",
        "install the missing library there, or use the same image on every host", true}},
      {{0, 0, "noise\nsmlaunch 1.2.4\n", ""},
       {smlaunch, "smlaunch 1.2.4 there, 1.2.3 here", "install the same version on every host", true}},
      {{64, 0, "smlaunch 1.2.2\n", "smlaunch: unknown option --from\n"},
       {smlaunch, "smlaunch 1.2.2 there, 1.2.3 here", "install the same version on every host", true}},
      {{1, 0, "This account is currently not available.\n", ""},
       {ReadyStage::login, "the account there has no shell (This account is currently not available.)",
        "log in as a user with a shell", true}},
      {{0, 0, "git-shell\n", ""},
       {smlaunch, "something else than smlaunch answered (git-shell)",
        "see for a forced command (command= in authorized_keys) or a start-up file that ends the shell",
        true}},
      {{70, 0, "smlaunch 1.2.3\n", "smlaunch: the worker is not there yet\n"},
       {smlaunch, "smlaunch there ended with exit status 70 (smlaunch: the worker is not there yet)",
        "run smlaunch --version there by hand", false}},
  });
}

TEST(LoginAnswer, IsFoundAnywhereAmongTheLinesOfStartUpFiles) {
  const auto answer = parse_login_answer(
      "motd\nusing smlaunch 1.2.3\nsmlaunch is great\r\nsmlaunch 1.2.3\r\nmore\n", "1.2.3");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->version, "1.2.3");
  EXPECT_EQ(answer->text, "smlaunch 1.2.3\r\nmore\n");
}

TEST(LoginAnswer, PrefersOurVersionToAnotherThatIsMentionedBefore) {
  EXPECT_EQ(parse_login_answer("smlaunch 9\nsmlaunch 1.2.3\n", "1.2.3")->version, "1.2.3");
  EXPECT_EQ(parse_login_answer("smlaunch 9\nsmlaunch 8\n", "1.2.3")->version, "9");
}

TEST(LoginAnswer, IsNoneWithoutALineThatHasJustNameAndVersion) {
  for (const char* out :
       {"", "\n", "smlaunch", "smlaunch ", "smlaunch 1.2.3 beta\n", "smlaunch1.2.3\n", "x smlaunch 1\n"}) {
    EXPECT_FALSE(parse_login_answer(out, "1.2.3")) << out;
  }
}

TEST(LoginAnswer, IsAtMostFourKibibytes) {
  EXPECT_EQ(parse_login_answer("smlaunch 1\n" + std::string(9000, 'x'), "1")->text.size(), 4096U);
}

TEST(PlainLine, HoldsNothingThatATerminalWouldObey) {
  EXPECT_EQ(to_plain_line("a\x1b[31mb\tc\xff"), "a?[31mb?c?");
  EXPECT_EQ(to_plain_line(std::string(160, 'x')), std::string(160, 'x'));
  EXPECT_EQ(to_plain_line(std::string(161, 'x')), std::string(157, 'x') + "...");
}

}  // namespace
}  // namespace smlaunch
