"""The control plane's process, started by `gatepost serve` as `python -m gatepost_gateway.app.control --fd N`."""

import gc


def main() -> None:
    # What it loads it keeps: the collector need not look through it, neither now nor at the end.
    gc.disable()
    from gatepost_gateway.app.controlplane import main as run  # noqa: PLC0415 - only now

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
