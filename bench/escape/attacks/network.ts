/**
 * Attacks by the network: every way to a listener of the host, on loopback, by sockets with and without a path, and
 * through the sandbox's proxy.
 * Rule: nothing is ever sent to another machine; the listeners are this trial's own.
 */
import type { Attack, Host } from '../attack.ts';
import { connected } from '../evidence.ts';

/** An attack that tries to reach a listener. */
function reaching(name: string, tries: string, script: (host: Host) => string, needs: string[] = []): Attack {
  return { name, area: 'network', tries, command: script, needs, succeeded: async (host) => await connected(host) };
}

/** Attacks by connections. */
export const networkAttacks: Attack[] = [
  reaching(
    'tcp-loopback',
    "a TCP port on the host's loopback is reached",
    ({ tcpPort }) => `exec 3<>/dev/tcp/127.0.0.1/${tcpPort} && cat <&3`,
  ),
  reaching(
    'tcp-other-names-of-loopback',
    'the port is reached by other names and addresses of this host',
    ({ tcpPort }) =>
      `for name in localhost 127.1.2.3 0.0.0.0 ::ffff:127.0.0.1 $(hostname) $(hostname -I) 10.0.2.2 172.17.0.1; do
         timeout 1 perl -MIO::Socket::IP -e 'IO::Socket::IP->new(PeerHost => shift, PeerPort => shift)' \
           "$name" ${tcpPort} 2>/dev/null
       done`,
  ),
  reaching(
    'udp-loopback',
    "a datagram reaches the host's loopback",
    ({ udpPort }) => `echo hello > /dev/udp/127.0.0.1/${udpPort}; sleep 0.2`,
  ),
  reaching(
    'dns-question',
    'a question that carries a secret reaches a name server of the host',
    ({ udpPort }) =>
      `perl -MIO::Socket::INET -e '
         my $question = pack("n6", 7, 256, 1, 0, 0, 0) . join("", map { pack("C/a*", $_) } qw(stolen example)) . pack("Cnn", 0, 1, 1);
         my $socket = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1", PeerPort => ${udpPort});
         $socket->send($question);'; sleep 0.2`,
  ),
  reaching(
    'unix-socket',
    'a listening unix socket of the host is reached by its path',
    ({ unixSocket }) =>
      `perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Peer => shift) or die $!' '${unixSocket}'; sleep 0.2`,
  ),
  reaching(
    'abstract-socket',
    'a listening abstract unix socket of the host is reached by its name',
    ({ abstractSocket }) =>
      `perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die $!;
         connect($s, pack("S a*", AF_UNIX, "\\0" . shift)) or die $!; sleep 1' '${abstractSocket}'`,
  ),
  reaching(
    'unix-socket-copied-in',
    'a link to a unix socket of the host is made in the working copy, and connected to',
    ({ unixSocket }) =>
      `ln '${unixSocket}' hard.sock; ln -s '${unixSocket}' soft.sock
       for path in hard.sock soft.sock; do perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Peer => shift)' $path; done
       sleep 0.2`,
  ),
  reaching(
    'proxy-to-loopback',
    'a proxy that the environment names is asked for the loopback port',
    ({ tcpPort }) =>
      `for name in 127.0.0.1 localhost 0.0.0.0 127.1 2130706433 '[::ffff:127.0.0.1]' example.localhost; do
         curl --silent --max-time 2 --noproxy '' "http://$name:${tcpPort}/" --output /dev/null
         curl --silent --max-time 2 --noproxy '' --proxytunnel "http://$name:${tcpPort}/" --output /dev/null
       done; curl --silent --max-time 2 'http://127.0.0.1:${tcpPort}/' --output /dev/null`,
    ['curl'],
  ),
];
