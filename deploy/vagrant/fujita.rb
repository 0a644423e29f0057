# Wires Fujita into a Vagrant box:
#
#   require_relative "fujita/deploy/vagrant/fujita"
#
#   Vagrant.configure("2") do |config|
#     config.vm.box = "debian/bookworm64"
#     Fujita.configure(config)
#   end
#
# Reads the sidecar's own fujita.yml, forwards the ports that it names, provisions the box with provision.sh beside this
# file, and after up, reload and resume prints the addresses that came out of it, and tells them to the sidecar.
# Every vagrant command loads this file: it needs nothing but Ruby's standard library, and raises nothing while it loads.
require "ipaddr"
require "json"
require "psych"
require "shellwords"

module Fujita
  # What this file lies in, unless it was copied out of it.
  CHECKOUT = [File.expand_path("../..", __dir__)].find { |folder| File.exist?(File.join(folder, "fujita/serve.py")) }

  # config_file: beside the Vagrantfile, or a path from there; it must lie in a synced folder.
  # source:      what provision.sh installs: a folder of this host, or a requirement for pip such as "fujita==1.2".
  #              Default: the checkout that this file lies in, else the newest release.
  # Call it after the synced folders were configured.
  def self.configure(config, config_file: "fujita.yml", source: nil)
    root = File.dirname(File.absolute_path(caller_locations(1, 1).first.path))
    path = File.expand_path(config_file, root)
    Wiring.new(root, path, Settings.new(path, config_file), source).apply(config)
  end

  class Mistakes < Vagrant::Errors::VagrantError
    def error_message
      @extra_data[:text]
    end
  end

  # What the wiring needs of fujita.yml: ports, and what is wrong with them, in the words and at the places that the
  # sidecar has for it. What else is wrong, the console and `fujita check` say.
  class Settings
    Site = Struct.new(:title, :host, :port)

    LISTEN = "127.0.0.1:9000"
    ADDRESS = "0.0.0.0:8000"
    PATTERN = /\A(?:(?<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*):)?(?<port>0|[1-9][0-9]*)\z/.freeze
    NULL = ["", "~", "null", "Null", "NULL"].freeze

    EMPTY_FILE = "the file is empty: write `projects:`, and below it a name and its `directory: …`"
    NO_TABLE_AT_TOP = "the file must be a table: begin it with `projects:`"
    NO_PROJECTS = "there are no projects: write a name, and below it its `directory: …`"
    NOT_A_TABLE = "must be a table: write one `key: value` a line, indented below it"

    attr_reader :console_port, :sites

    def initialize(path, name)
      @file = name
      @console_port = 9000
      @sites = []
      @mistakes = []
      @names = {}.compare_by_identity # of each value, the node of its key
      read(File.read(path, encoding: "bom|utf-8")) if File.file?(path)
    rescue SystemCallError => e
      mistake([1, 1], nil, "can't be read: #{e.message}")
    rescue Psych::SyntaxError => e
      mistake([e.line, e.column], nil, "can't be read: #{e.problem}#{" (#{e.context})" if e.context}")
    end

    # One a line, in the order of the file: fujita.yml:LINE:COLUMN: key: what is wrong
    def mistakes
      @mistakes.sort_by { |line, column, *| [line, column] }.map do |line, column, key, words|
        ["#{@file}:#{line}:#{column}", key, words].compact.join(": ")
      end
    end

    private

    def read(text)
      document = Psych.parse(text)
      return mistake([1, 1], nil, EMPTY_FILE) if !document || null?(document.root)
      return mistake(place(document.root), nil, NO_TABLE_AT_TOP) unless document.root.is_a?(Psych::Nodes::Mapping)

      @anchors = anchors(document)
      top = table(document.root, nil)
      taken = read_console(table(top["console"], "console") || {})
      defaults = table(top["defaults"], "defaults") || {}
      projects = table(top["projects"], "projects") or return
      return mistake(place(@names[top["projects"]] || document.root), "projects", NO_PROJECTS) if projects.empty?

      check_ports(projects.map { |name, node| read_project(name, node, defaults) }.compact, taken)
    end

    # The ports that are taken: by whom, and where that is written.
    def read_console(console)
      _, port = address(console["listen"], "console.listen", LISTEN, 0..65_535)
      return {} unless port
      return {} if port.zero? # one of the kernel's choice cannot be forwarded: the box keeps 9000

      @console_port = port
      { port => ["the console", (place(console["listen"]) unless null?(console["listen"]))] }
    end

    # Its port, the place of that, and its key; nil if it listens nowhere.
    def read_project(name, node, defaults)
      own = table(node, "projects.#{name}") or return
      project = defaults.merge(own)
      return if null?(project["address"]) && !null?(project["command"])

      key = "projects.#{name}"
      host, port = address(project["address"], "#{key}.address", ADDRESS, 1..65_535)
      return unless port

      @sites << Site.new(scalar(project["title"]) || name, host, port)
      [port, [place(@names[node]), (place(own["address"]) unless null?(own["address"]))].compact.max, key]
    end

    def check_ports(found, taken)
      free = [*8001..65_535] - found.map(&:first) - taken.keys
      found.each do |port, at, key|
        other, first = taken[port]
        next taken[port] = [key, at] unless other

        where = " (line #{first[0]}, column #{first[1]})" if first
        words = "port #{port} is also that of #{other}#{where}: write another, such as 0.0.0.0:#{free.shift}"
        mistake(at, "#{key}.address", words)
      end
    end

    # Host and port; nil, and a mistake, if it is none. As in Django, a port alone is one of 127.0.0.1.
    def address(node, key, default, ports)
      text = null?(node) ? default : scalar(node).to_s
      match = PATTERN.match(text)
      host = { nil => "127.0.0.1", "0" => "0.0.0.0" }.fetch(match[:host], match[:host].to_s.delete("[]")) if match
      return mistake(place(node), key, not_an_address(text)) unless match && host?(host)
      return mistake(place(node), key, bad_port(text)) unless ports.cover?(match[:port].to_i)

      [host, match[:port].to_i]
    end

    # A name, or a whole IP address: 22:22 was meant otherwise.
    def host?(host)
      return true unless host =~ /\A[0-9.]+\z|:/

      IPAddr.new(host) && true
    rescue IPAddr::Error
      false
    end

    def not_an_address(text)
      "must be a port, or host:port, not '#{text}': write 8000, 0.0.0.0:8000 or \"[::1]:8000\""
    end

    def bad_port(text)
      "must have a port from 1 to 65535, not '#{text}': write 0.0.0.0:8000"
    end

    # Keys to values, with aliases and merges followed; nil, and a mistake, if it is something else.
    def table(node, key, around = [])
      mapping = resolved(node)
      return {} if null?(mapping) || around.include?(mapping)
      return mistake(place(node), key, NOT_A_TABLE) unless mapping.is_a?(Psych::Nodes::Mapping)

      mapping.children.each_slice(2) { |name, value| @names[value] = name }
      own = mapping.children.each_slice(2).to_h { |name, value| [scalar(name), value] }
      merged = own.delete("<<")
      merged = merged.is_a?(Psych::Nodes::Sequence) ? merged.children : [merged].compact
      merged.reverse.map { |value| table(value, key, [*around, mapping]) || {} }.reduce({}, :merge).merge(own)
    end

    def anchors(document)
      named = document.select { |node| node.respond_to?(:anchor) && node.anchor }
      named.reject { |node| node.is_a?(Psych::Nodes::Alias) }.to_h { |node| [node.anchor, node] }
    end

    def resolved(node)
      node.is_a?(Psych::Nodes::Alias) ? @anchors[node.anchor] : node
    end

    def scalar(node)
      node = resolved(node)
      node.value if node.is_a?(Psych::Nodes::Scalar) && !null?(node)
    end

    def null?(node)
      node.nil? || (node.is_a?(Psych::Nodes::Scalar) && !node.quoted && NULL.include?(node.value))
    end

    def place(node)
      [node.start_line + 1, node.start_column + 1]
    end

    def mistake(place, key, words)
      @mistakes << [*place, key, words]
      nil
    end
  end

  # Puts it all into one machine's configuration.
  class Wiring
    HOST_FILE = "/run/fujita-host.json"
    SOURCE_FOLDER = "/usr/src/fujita"
    LOOPBACK = /\A(127\..*|localhost|\[?::1\]?)\z/.freeze

    def initialize(root, path, settings, source)
      @root = root
      @path = path
      @settings = settings
      @source = source
    end

    def apply(config)
      [@settings.console_port, *@settings.sites.map(&:port)].uniq.each { |port| forward(config, port) }
      provision(config)
      refuse_mistakes(config)
      tell_addresses(config)
    end

    private

    # For this host alone; where its port is taken, Vagrant finds another.
    def forward(config, port)
      return if config.vm.networks.any? { |type, options| type == :forwarded_port && options[:guest] == port }

      config.vm.network "forwarded_port", guest: port, host: port, host_ip: "127.0.0.1", auto_correct: true
    end

    # At every up, so that the box follows a new fujita.yml or a newer Fujita; where nothing changed it takes no second.
    def provision(config)
      args = ["--config", in_box(config, @path) || "/vagrant/#{File.basename(@path)}", "--source", source(config)]
      args += ["--user", config.ssh.username] if config.ssh.username.is_a?(String)
      config.vm.provision "fujita", type: "shell", run: "always", path: File.join(__dir__, "provision.sh"), args: args
    end

    def source(config)
      path = @source ? File.expand_path(@source, @root) : CHECKOUT
      return @source || "fujita" unless path && File.exist?(path)

      in_box(config, path) || begin
        config.vm.synced_folder path, SOURCE_FOLDER
        SOURCE_FOLDER
      end
    end

    # Where a path of this host is in the box; nil if no synced folder holds it.
    def in_box(config, path)
      folders = { "/vagrant" => @root }
      config.vm.synced_folders.each_value do |folder|
        folders[folder[:guestpath]] = folder[:disabled] ? nil : File.expand_path(folder[:hostpath], @root)
      end
      guest, host = folders.compact.select { |_, dir| "#{path}/".start_with?("#{dir}/") }.max_by { |_, dir| dir.length }
      guest && guest + path[host.length..-1]
    end

    # Before a box is built, and not at halt, destroy or ssh.
    def refuse_mistakes(config)
      mistakes = @settings.mistakes
      return if mistakes.empty?

      config.trigger.before :up, :reload do |trigger|
        trigger.name = "fujita.yml"
        trigger.ruby { raise Mistakes, text: mistakes.join("\n") }
      end
    end

    def tell_addresses(config)
      config.trigger.after :up, :reload, :resume do |trigger|
        trigger.name = "Fujita"
        trigger.ruby do |_env, machine|
          ports = forwarded(machine)
          tell_box(machine, ports)
          tell_user(machine.ui, ports)
        end
      end
    end

    # Guest port to host port, as Vagrant corrected it.
    def forwarded(machine)
      return machine.provider.capability(:forwarded_ports).invert if machine.provider.capability?(:forwarded_ports)

      machine.config.vm.networks.select { |type, _| type == :forwarded_port }.to_h { |_, o| [o[:guest], o[:host]] }
    end

    # The console's links lead to the host's ports, and its file names to the host's folders.
    def tell_box(machine, ports)
      folders = machine.config.vm.synced_folders.values.reject { |folder| folder[:disabled] || !folder[:guestpath] }
      told = JSON.generate(
        "ports" => ports, "folders" => folders.to_h { |f| [f[:guestpath], File.expand_path(f[:hostpath], @root)] }
      )
      machine.communicate.sudo("printf %s #{Shellwords.escape(told)} >#{HOST_FILE}.new && " \
                               "mv #{HOST_FILE}.new #{HOST_FILE} && { systemctl reload fujita || true; } 2>/dev/null")
    rescue Vagrant::Errors::VagrantError => e
      machine.ui.warn("The console's links may lead to the wrong ports: #{e.message}")
    end

    def tell_user(ui, ports)
      ui.warn("There is no #{@path} yet: the console waits for it") unless File.exist?(@path)
      @settings.sites.each do |site|
        ui.info("#{site.title}: http://localhost:#{ports.fetch(site.port, site.port)}/#{unreachable(site)}")
      end
      ui.success("Fujita: http://localhost:#{ports.fetch(@settings.console_port, @settings.console_port)}/")
    end

    def unreachable(site)
      return unless site.host =~ LOOPBACK

      " (not reachable: it listens on #{site.host} inside the box; write 0.0.0.0:#{site.port} as its address)"
    end
  end
end
