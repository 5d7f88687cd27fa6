"""The corridor between the data plane and the control plane: two processes, one socket pair."""

from gatepost_gateway.link.channel import Channel, ChannelClosed, Handler

__all__ = ["Channel", "ChannelClosed", "Handler"]
