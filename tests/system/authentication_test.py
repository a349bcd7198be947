# SPDX-License-Identifier: Apache-2.0
"""Who may speak to whom: certificates, credentials, silent peers, and the walls between partitions."""

import json
import socket
import time

from farm import FarmTest, main, make_certificate, wait_until


class Certificates(FarmTest):
    def refused_uplink(self, ca):
        """The sentence an enrolled agent shows when it is told to believe only `ca`."""
        coordinator = self.farm.coordinator()
        agent = self.farm.agent().start()
        agent.enroll(coordinator.join_token())
        agent.stop()
        agent.config.write_text(agent.config.read_text().replace(str(self.farm.ca), str(ca)))
        agent.start()
        status = wait_until("the uplink says why", lambda: (
            s := agent.json("status")["coordinator"])["reason"] and s)
        self.assertNotEqual(status["status"], "live")
        return status["reason"]

    def test_a_self_signed_server_is_refused(self):
        other = make_certificate(self.farm.path, "other")
        self.assertRegex(self.refused_uplink(other), "(?i)certificate|authority|self")

    def test_a_server_of_a_foreign_ca_is_refused(self):
        make_certificate(self.farm.path, "foreign-ca")
        make_certificate(self.farm.path, "server", ca="foreign-ca")  # replaces the server's pair
        own = make_certificate(self.farm.path, "own-ca")
        coordinator = self.farm.coordinator()
        agent = self.farm.agent().start()
        agent.config.write_text(agent.config.read_text().replace(str(self.farm.ca), str(own)))
        agent.stop()
        agent.start()
        token = self.farm.path / "join"
        self.farm.ca = self.farm.path / "foreign-ca.pem"
        token.write_text(coordinator.join_token())
        done = agent.cli("enroll", "--token-file", token, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "(?i)certificate|authority|issuer")

    def test_a_certificate_for_another_host_is_refused(self):
        self.farm.ca = make_certificate(self.farm.path, "server", san="DNS:elsewhere.example")

        self.farm.coordinator()
        agent = self.farm.agent().start()
        token = self.farm.path / "join"
        token.write_text("anything")
        done = agent.cli("enroll", "--token-file", token, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "(?i)host|name|certificate")


class ClientCertificates(FarmTest):
    """mTLS: a node is who its certificate says, and nobody else."""

    def setUp(self):
        super().setUp()
        make_certificate(self.farm.path, "nodes-ca")
        self.coordinator = self.farm.coordinator(config_extra=f'client_ca = "{self.farm.path}/nodes-ca.pem"')
        self.agent = self.farm.agent().start()
        self.identity = self.agent.json("status")["agent"]["node_id"]
        self.agent.enroll(self.coordinator.join_token())
        wait_until("the session is live", lambda: self.agent.json("status")["coordinator"]["status"] == "live")
        self.agent.stop()
        (self.agent.state / "credential").unlink()

    def uplink_with(self, san, ca="nodes-ca"):
        make_certificate(self.farm.path, "client", ca=ca, san=san)
        text = self.agent.config.read_text().replace(
            "[coordinator]\n", f'[coordinator]\ncert = "{self.farm.path}/client.pem"\nkey = "{self.farm.path}/client.key"\n')
        self.agent.config.write_text(text)
        self.agent.start()
        return wait_until("the uplink has an outcome", lambda: (
            s := self.agent.json("status")["coordinator"])["status"] == "live" and s or s["reason"] and s)

    def test_the_nodes_own_certificate_is_enough(self):
        self.assertEqual(self.uplink_with(f"URI:farmhand:node:{self.identity}")["status"], "live")

    def test_another_nodes_certificate_is_refused(self):
        status = self.uplink_with("URI:farmhand:node:11111111-2222-4333-8444-555555555555")
        self.assertNotEqual(status["status"], "live")

    def test_a_certificate_of_a_foreign_ca_is_refused(self):
        make_certificate(self.farm.path, "foreign-ca")
        status = self.uplink_with(f"URI:farmhand:node:{self.identity}", ca="foreign-ca")
        self.assertNotEqual(status["status"], "live")


class Peers(FarmTest):
    def test_a_silent_peer_is_dropped_after_5_s(self):
        self.farm.coordinator()
        with socket.create_connection(("127.0.0.1", self.farm.port)) as silent:
            silent.settimeout(15)
            started = time.monotonic()
            self.assertEqual(silent.recv(1), b"")
            self.assertLess(time.monotonic() - started, 8)

    def test_a_cloned_node_is_refused(self):
        coordinator = self.farm.coordinator()
        agent = self.farm.agent().start()
        agent.enroll(coordinator.join_token())
        wait_until("the session is live", lambda: agent.json("status")["coordinator"]["status"] == "live")
        clone = self.farm.agent("clone")
        clone.state.mkdir()
        for name in ("node-id", "credential"):
            (clone.state / name).write_bytes((agent.state / name).read_bytes())
            (clone.state / name).chmod(0o600)
        clone.start()
        status = wait_until("the clone is told", lambda: (s := clone.json("status")["coordinator"])["reason"] and s)
        self.assertIn("duplicate_node", status["reason"])
        self.assertEqual(agent.json("status")["coordinator"]["status"], "live")


class Partitions(FarmTest):
    def test_a_partitions_token_sees_nothing_of_anothers(self):
        coordinator = self.farm.coordinator()
        for cloud, vendor, devices in (("naver", "furiosa", "RNGD:2"), ("kt", "rebellions", "ATOM-Max:2")):
            agent = self.farm.agent(cloud, plugins=("sim",), sim=f'devices = "{devices}"').start()
            agent.enroll(coordinator.join_token(cloud, vendor))
        everything = coordinator.token("--role", "viewer")
        scoped = coordinator.token("--role", "viewer", "--partition", "naver-furiosa")

        def devices(token):
            status, document = coordinator.get("/v1/fleet/devices", token)
            self.assertEqual(status, 200)
            return {d["partition"] for d in document["devices"] if d["kind"] == "accelerator"}

        wait_until("both are reported", lambda: devices(everything) == {"naver-furiosa", "kt-rebellions"})
        self.assertEqual(devices(scoped), {"naver-furiosa"})
        for path in ("/v1/fleet/nodes", "/v1/fleet/devices", "/v1/fleet/metrics", "/v1/fleet/capacity"):
            status, document = coordinator.get(path, scoped)
            self.assertEqual(status, 200)
            self.assertNotIn("rebellions", json.dumps(document))
            self.assertEqual(coordinator.get(path, None)[0], 401)
            self.assertEqual(coordinator.get(path, "nonsense")[0], 401)


if __name__ == "__main__":
    main()
